#!/usr/bin/env bash
# From an empty account to a review: every step may be repeated, and one that fails says what to do.
#   ENVIRONMENT=staging|production   and what deploy/scripts/common.sh names
#   IMAGE_TAG      images that are in the repositories already; without it they are built and pushed
#   OVERRIDES      further parameters of main: "Name=value Name=value"
set -euo pipefail
. "$(dirname "$0")/common.sh"
here="$(dirname "$0")"
choose_environment
mapfile -t TAGS < <(tags)

"$AWS" sts get-caller-identity --query Account --output text >/dev/null ||
    fail "AWS does not know who you are" "aws sso login, or aws configure"

deploy_stack "$BOOTSTRAP_STACK" "$TEMPLATES/bootstrap.yaml" --tags Project=codereview
deploy_stack "$SECRETS_STACK" "$TEMPLATES/secrets.yaml" --tags "${TAGS[@]}" --parameter-overrides "Environment=$NAME"
"$here/put_secrets.sh"
RELEASE_PREFIX="$("$here/release.sh")"
IMAGE_TAG="${IMAGE_TAG:-$("$here/push_images.sh")}"
token_version="$("$AWS" ssm get-parameter --name "/codereview/$NAME/redis-auth-token" \
    --query Parameter.Version --output text)"

# What is in the file, and over it what only the account knows. The client takes one or the other, so both are joined.
overrides=(
    "KeyArn=$(output "$SECRETS_STACK" KeyArn)"
    "ArtifactBucket=$(output "$BOOTSTRAP_STACK" ArtifactBucket)"
    "LogBucket=$(output "$BOOTSTRAP_STACK" LogBucket)"
    "CoordinatorImage=$(output "$BOOTSTRAP_STACK" CoordinatorRepositoryUri):$IMAGE_TAG"
    "AgentImage=$(output "$BOOTSTRAP_STACK" AgentRepositoryUri):$IMAGE_TAG"
    "ReleasePrefix=$RELEASE_PREFIX"
    "RedisAuthTokenVersion=$token_version"
    "Architecture=$ARCHITECTURE"
    "Runtime=python$PYTHON_VERSION"
    "StandInHost=${STAND_IN_HOST:-}"
)
read -r -a further <<<"${OVERRIDES:-}"
mapfile -t written < <(python3 "$here/parameters.py" "$PARAMETERS")
deploy_stack "$STACK" "$BUILD/packaged.yaml" --tags "${TAGS[@]}" \
    --s3-bucket "$(output "$BOOTSTRAP_STACK" ArtifactBucket)" --s3-prefix templates \
    --parameter-overrides "${written[@]}" "${overrides[@]}" ${further[@]+"${further[@]}"}
"$here/publish_page.sh"

for name in PageUrl ApiUrl WebSocketUrl LoadBalancerUrl DashboardUrl; do
    printf '%-16s %s\n' "$name" "$(output "$STACK" "$name")"
done
