"""Secrets written into code and configuration: what stands there, under which name, in what kind of file.

Pure functions over text; the analyser reports what they find, and redaction hides it.
"""
