#!/usr/bin/env bash
# A release in the bucket: zips of the functions, the state machine's definition, and the packaged templates.
#   ARTIFACT_BUCKET  by default that of the bootstrap stack
#   RELEASE_PREFIX   by default releases/<digest of the contents>, so that an unchanged release is not another
#   FUNCTIONS        directory of the zips, by default what `make package` makes
# Prints the prefix. The packaged template is build/deploy/packaged.yaml.
set -euo pipefail
. "$(dirname "$0")/common.sh"
ARTIFACT_BUCKET="${ARTIFACT_BUCKET:-$(output "$BOOTSTRAP_STACK" ArtifactBucket)}"
FUNCTIONS="${FUNCTIONS:-$ROOT/build/lambda/$ARCHITECTURE-python$PYTHON_VERSION}"
[ -f "$FUNCTIONS/review_orchestrator.zip" ] || fail "no zips in $FUNCTIONS" "make package"

mkdir -p "$BUILD/release"
rm -f "$BUILD/release"/*
cp "$FUNCTIONS"/*.zip "$ROOT"/deploy/statemachines/*.json "$BUILD/release/"
digest="$(cd "$BUILD/release" && sha256sum -- * | sha256sum | cut -c 1-12)"
RELEASE_PREFIX="${RELEASE_PREFIX:-releases/$digest}"
"$AWS" s3 cp --recursive --only-show-errors "$BUILD/release" "s3://$ARTIFACT_BUCKET/$RELEASE_PREFIX" >&2
"$AWS" cloudformation package --template-file "$TEMPLATES/main.yaml" --s3-bucket "$ARTIFACT_BUCKET" \
    --s3-prefix templates --output-template-file "$BUILD/packaged.yaml" >/dev/null
cp "$TEMPLATES"/parameters/*.json "$BUILD/"
say "release s3://$ARTIFACT_BUCKET/$RELEASE_PREFIX"
printf '%s\n' "$RELEASE_PREFIX"
