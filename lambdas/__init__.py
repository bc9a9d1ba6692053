"""The functions of AWS Lambda, one module each: ``handler(event, context)``."""
