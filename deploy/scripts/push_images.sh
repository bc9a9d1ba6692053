#!/usr/bin/env bash
# Builds both images and pushes them under IMAGE_TAG (by default the commit). A tag that is there already stays as it
# is: the repositories do not let it change.
#   DOCKER  docker | podman
set -euo pipefail
. "$(dirname "$0")/common.sh"
DOCKER="${DOCKER:-docker}"
IMAGE_TAG="${IMAGE_TAG:-$(git -C "$ROOT" rev-parse HEAD)}"
platform="linux/${ARCHITECTURE/x86_64/amd64}"
COORDINATOR_REPOSITORY="${COORDINATOR_REPOSITORY:-$(output "$BOOTSTRAP_STACK" CoordinatorRepositoryUri)}"
AGENT_REPOSITORY="${AGENT_REPOSITORY:-$(output "$BOOTSTRAP_STACK" AgentRepositoryUri)}"

"$AWS" ecr get-login-password | "$DOCKER" login --username AWS --password-stdin "${COORDINATOR_REPOSITORY%%/*}" >&2
for target in coordinator agent; do
    repository="$COORDINATOR_REPOSITORY"
    [ "$target" = coordinator ] || repository="$AGENT_REPOSITORY"
    there="$("$AWS" ecr describe-images --repository-name "codereview/$target" --image-ids "imageTag=$IMAGE_TAG" \
        --query 'length(imageDetails)' --output text 2>/dev/null || true)"
    if [ "$there" = 1 ]; then
        say "$repository:$IMAGE_TAG is there"
        continue
    fi
    "$DOCKER" build --platform "$platform" --target "$target" --tag "$repository:$IMAGE_TAG" "$ROOT" >&2
    "$DOCKER" push "$repository:$IMAGE_TAG" >&2
done
printf '%s\n' "$IMAGE_TAG"
