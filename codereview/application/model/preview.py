"""What would be sent: the prompts of a review, word for word, without sending them."""

from collections.abc import Iterable, Iterator

from codereview.agents.prompting import Prompts, fence_of
from codereview.application.model.reviewing import ModelReviewer
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import Batch
from codereview.planning.context import Project

#: Stands for the random name of the fence, which is new in every review.
_SHOWN_ID = "preview"


def preview(reviewer: ModelReviewer, batches: Iterable[Batch], options: ReviewOptions) -> Iterator[str]:
    """The finders' prompts of each chunk: what they share once, then what each asks. Verifiers and fixers get the same
    shared part with the candidates behind it; what tools reported stands in a real prompt as evidence."""
    estimate = reviewer.desk.estimate
    for batch in batches:
        project = Project.of(batch.files, batch.context)
        prompts = Prompts(project, project.outline(tokens=reviewer.sizes.outline, estimate=estimate))
        fence = fence_of(_SHOWN_ID, (file.text for file in project.files.values()))
        for chunk in reviewer.cut(batch.files).chunks:
            shared = False
            for agent in options.agents:
                plan = reviewer.plan(agent, chunk, options)
                context = project.around(chunk, tokens=plan.context_tokens, estimate=estimate)
                for lenses in plan.lenses:
                    system, content = prompts.find(chunk, context, lenses, {}).blocks(fence)
                    if not shared:
                        yield "\n\n".join(["=== system", *(block.text for block in system), "=== user, shared"])
                        yield "\n\n".join(block.text for block in content[:-1])
                        shared = True
                    names = ", ".join(lens.name for lens in lenses)
                    yield f"=== user, {agent} agent, {names}\n\n{content[-1].text}"
