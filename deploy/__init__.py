"""Deployment: CloudFormation templates, state machines, and the packages they install."""
