"""Ways in: everything that turns what a caller has (a snippet, files, a directory, a diff, an archive, a git
repository) into `Sources`. Each way says of every file it did not take why not.
"""
