# shellcheck shell=bash disable=SC2034
# Shared by the scripts beside it; sourced, not run.
# Settings, all from the environment:
#   ENVIRONMENT    staging | production
#   AWS            the client, by default `aws` (2.13 or newer, or awscli of PyPI); region and account are its own
#   ARCHITECTURE   arm64 | x86_64
#   STAND_IN_HOST  host:port of an AWS stand-in, for trials without an account

AWS="${AWS:-aws}"
ARCHITECTURE="${ARCHITECTURE:-arm64}"
PYTHON_VERSION="${PYTHON_VERSION:-3.12}"
TEMPLATES="$(cd "$(dirname "${BASH_SOURCE[0]}")/../cloudformation" && pwd)"
ROOT="$(cd "$TEMPLATES/../.." && pwd)"
BUILD="${BUILD:-$ROOT/build/deploy}"
BOOTSTRAP_STACK=codereview-bootstrap

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'what to do: %s\n' "$2" >&2
    exit 2
}

# Sets PARAMETERS, NAME (the name in every resource) and STACK of the environment asked for.
choose_environment() {
    case "${ENVIRONMENT:-}" in
        staging) NAME=staging ;;
        production | prod) ENVIRONMENT=production NAME=prod ;;
        "") fail "no ENVIRONMENT" "ENVIRONMENT=staging or ENVIRONMENT=production" ;;
        *)
            NAME="$ENVIRONMENT"
            [ -f "$TEMPLATES/parameters/$ENVIRONMENT.json" ] ||
                fail "there is no deploy/cloudformation/parameters/$ENVIRONMENT.json" "copy staging.json and edit it"
            ;;
    esac
    PARAMETERS="${PARAMETERS:-$TEMPLATES/parameters/$ENVIRONMENT.json}"
    STACK="codereview-$NAME"
    SECRETS_STACK="$STACK-secrets"
}

# output STACK NAME: an output of a deployed stack.
output() {
    "$AWS" cloudformation describe-stacks --stack-name "$1" \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue | [0]" --output text
}

# deploy_stack STACK TEMPLATE [ARGUMENT...]: create or update, wait, and when it fails say which resource and why.
deploy_stack() {
    local stack="$1" template="$2"
    shift 2
    say "deploying $stack"
    # An update that changes nothing is no failure.
    if ! "$AWS" cloudformation deploy --stack-name "$stack" --template-file "$template" \
        --no-fail-on-empty-changeset --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND \
        "$@" >&2; then
        "$AWS" cloudformation describe-stack-events --stack-name "$stack" --output text --max-items 200 \
            --query "StackEvents[?contains(ResourceStatus, 'FAILED')].[LogicalResourceId, ResourceStatusReason]" >&2 || true
        fail "$stack was not deployed; everything is as it was before" \
            "mend what is named above and run the same command again; after a first failed creation, first: $AWS cloudformation delete-stack --stack-name $stack"
    fi
}

tags() {
    printf 'Project=codereview\nEnvironment=%s\nCustomer=%s\n' "$NAME" "${CUSTOMER:-internal}"
}
