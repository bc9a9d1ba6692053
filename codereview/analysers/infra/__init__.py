"""Misconfigured infrastructure: images, containers, manifests, templates and pipelines that are kept as files."""
