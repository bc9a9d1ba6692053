"""The durable stores in DynamoDB, with S3 for what is larger than an item may be."""

from codereview.adapters.dynamodb.keys import DynamoKeyStore
from codereview.adapters.dynamodb.reviews import DynamoReviewStore
from codereview.adapters.dynamodb.tables import create_tables

__all__ = ["DynamoKeyStore", "DynamoReviewStore", "create_tables"]
