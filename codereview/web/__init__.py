"""What is the same on every way in: the Flask routes, their WebSocket, and the functions on AWS."""
