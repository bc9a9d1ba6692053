"""Lambda packages: ``make package``, or ``python -m deploy.package``.

Each function gets a zip with the modules it imports and the wheels these need, and nothing else: no agent, no
analyser, no parser, no model client. The same sources and the same lock file give the same bytes.
"""
