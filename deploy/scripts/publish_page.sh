#!/usr/bin/env bash
# The live page and the catalogue of static-analysis patterns go into the page's bucket; the edge forgets the old ones.
set -euo pipefail
. "$(dirname "$0")/common.sh"
choose_environment
bucket="$(output "$STACK" PageBucket)"
distribution="$(output "$STACK" Distribution)"
mkdir -p "$BUILD/patterns"
"${CODEREVIEW:-codereview}" rules --json >"$BUILD/patterns/rules.json"
"$AWS" s3 sync --only-show-errors --delete --cache-control max-age=300 --exclude index.html \
    "$ROOT/api/static" "s3://$bucket/static" >&2
"$AWS" s3 cp --only-show-errors --cache-control max-age=86400 --content-type application/json \
    "$BUILD/patterns/rules.json" "s3://$bucket/patterns/rules.json" >&2
# Last: the document that names all the others.
"$AWS" s3 cp --only-show-errors --cache-control max-age=60 --content-type "text/html; charset=utf-8" \
    "$ROOT/api/static/index.html" "s3://$bucket/index.html" >&2
"$AWS" cloudfront create-invalidation --distribution-id "$distribution" --paths "/*" >/dev/null
say "page in s3://$bucket"
