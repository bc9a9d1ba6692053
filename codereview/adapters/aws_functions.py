"""Starting other functions of the deployment."""

import json

from codereview.adapters.aws import AwsClients, explained


class LambdaBroadcasts:
    """`codereview.live_connections.BroadcastStarter`: invokes ``function`` and does not wait."""

    def __init__(self, function: str, clients: AwsClients) -> None:
        self._function = function
        self._clients = clients

    def start(self, review_id: str, hop: int = 0) -> None:
        """Start it. Raises BackendUnavailable, ConfigurationError."""
        with explained(f"function {self._function}"):
            self._clients.other("lambda").invoke(
                FunctionName=self._function,
                InvocationType="Event",
                Payload=json.dumps({"reviewId": review_id, "hop": hop}).encode(),
            )
