"""What the product does, in terms of ports: submit, review a batch, finalize, cancel, sweep, follow."""
