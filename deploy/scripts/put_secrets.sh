#!/usr/bin/env bash
# The secrets of an environment, as SecureString parameters under its key: CloudFormation cannot create these.
#   ANTHROPIC_API_KEY   stored when given; without it, and without one stored before, a word that means "none"
# The token of Redis and the key that signs tickets are made here, once. ROTATE_REDIS=1 makes a new token; deploy again
# with the new version afterwards (make deploy does).
set -euo pipefail
. "$(dirname "$0")/common.sh"
choose_environment
KEY="$(output "$SECRETS_STACK" KeyArn)"

there() { "$AWS" ssm get-parameter --name "/codereview/$NAME/$1" --query Parameter.Version --output text >/dev/null 2>&1; }

# put NAME FILE: the value comes from a file, never by an argument, which every process of the machine could read.
put() {
    "$AWS" ssm put-parameter --name "/codereview/$NAME/$1" --type SecureString --key-id "$KEY" --overwrite \
        --value "file://$2" >/dev/null
    say "stored /codereview/$NAME/$1"
}

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
chmod 700 "$scratch"
random() { head -c 48 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c 48 >"$scratch/value"; }

if [ -n "${ANTHROPIC_API_KEY:-}" ]; then
    printf '%s' "$ANTHROPIC_API_KEY" >"$scratch/value"
    put anthropic-api-key "$scratch/value"
elif ! there anthropic-api-key; then
    # A task does not start without its secrets; static analysis needs no key (ModelProvider=none).
    printf none >"$scratch/value"
    put anthropic-api-key "$scratch/value"
    say "no ANTHROPIC_API_KEY: reviews are static analysis alone until you store one"
fi
if [ -n "${ROTATE_REDIS:-}" ] || ! there redis-auth-token; then
    random
    put redis-auth-token "$scratch/value"
fi
if ! there secret-key; then
    random
    put secret-key "$scratch/value"
fi
