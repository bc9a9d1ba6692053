"""The analyser of secrets; what it goes by is in `codereview.secrets`."""
