"""The agents. *Security* and *bug* are the same machine with different analysers and, with a model, other lenses."""
