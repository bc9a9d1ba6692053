#!/usr/bin/env bash
# Takes an environment away. What was stored stays: tables, buckets, backups, the key, and a last snapshot of Redis are
# kept by their deletion policies and listed at the end. CONFIRM=<name> says that you mean it.
#   SECRETS=1  the secrets and their stack go too (the key itself is kept)
set -euo pipefail
. "$(dirname "$0")/common.sh"
choose_environment
[ "${CONFIRM:-}" = "$NAME" ] || fail "this takes the environment $NAME away" "make teardown ENVIRONMENT=$ENVIRONMENT CONFIRM=$NAME"

delete_stack() {
    say "deleting $1"
    "$AWS" cloudformation delete-stack --stack-name "$1"
    "$AWS" cloudformation wait stack-delete-complete --stack-name "$1" ||
        fail "$1 was not deleted" "look at its events, mend what is named there, and run the same command again"
}

delete_stack "$STACK"
if [ -n "${SECRETS:-}" ]; then
    for name in anthropic-api-key redis-auth-token secret-key; do
        "$AWS" ssm delete-parameter --name "/codereview/$NAME/$name" 2>/dev/null || true
    done
    delete_stack "$SECRETS_STACK"
fi
say "kept (delete them by hand when nobody needs them): tables codereview-$NAME-reviews and -keys, the buckets of"
say "bodies, page and snapshots, the backup vault codereview-$NAME, the last snapshot of Redis, the key, and $BOOTSTRAP_STACK"
