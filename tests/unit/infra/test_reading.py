"""The readers: what a file means, and on which line it says so."""

import pytest

from codereview.analysers.infra.reading import dockerfile_reader, hcl_reader, yaml_reader
from codereview.analysers.infra.reading.tree import Scalar, Unreadable, entries, scalars, select, snake, text_at

_TERRAFORM = r"""
terraform {
  required_providers { aws = { source = "hashicorp/aws", version = "~> 5.0" } }
}

# a comment
locals {
  names   = [for s in var.list : upper(s) if s != ""]
  by_name = { for k, v in var.map : k => v... }
  joined  = "${join(",", [for s in var.list : "\"${s}\""])}-%{if var.x}a%{else}b%{endif}"
  nested  = "${var.a ? "x" : "y"}"
  sum     = 1 + 2 * -var.n
  both = var.a &&
    var.b
  choice = (
    var.env == "prod"
    ? "big"
    : "small"
  )
  plain_choice = var.env == "prod" ? "big" : "small"
  nothing = null
  large   = 1e5
}

resource "aws_instance" "web" {
  for_each = toset(["a", "b"])
  ami      = data.aws_ami.this[0].id /* inline */
  ids      = aws_instance.other[*].id
  tags = merge(local.tags, {
    Name          = "web", // the name
    "quoted.key" : "v"
    (var.dynamic) = "d"
  })
  user_data = <<-EOT
    #!/bin/sh
    echo "${var.greeting}" }
  EOT
  metadata_options {
    http_tokens = "optional"
  }
  lifecycle { ignore_changes = [tags["x"], ami] }
  provisioner "local-exec" {
    command = "echo {"
  }
  dynamic "ebs_block_device" {
    for_each = var.disks
    content {
      encrypted = false
    }
  }
  empty {}
  security_group = try(
    each.value.group,
    try(each.value.own, false) ? local.group : null
  )
  rules = [
    for k, v in var.m :
    {
      name = k
    } if v.enabled
  ]
  valid = length(var.x) > 4 && substr(var.x, 0, 4) == "ami-"
  list  = var.a == null ? [] : [var.a]
  last  = "end"
}
"""


def test_terraform_is_read_to_its_end_whatever_its_expressions() -> None:
    """An expression that is not understood must not take the rest of the file with it."""
    document = hcl_reader.document(_TERRAFORM)
    assert [entry.key for entry in document.entries] == ["terraform", "locals", "resource"]
    (web,) = select(document, "resource.aws_instance.web")
    assert text_at(web, "last") == "end"
    assert text_at(web, "metadata_options.http_tokens") == "optional"
    assert text_at(web, "provisioner.local_exec.command") == "echo {"
    (tokens,) = entries(web, "metadata_options.http_tokens")
    assert _TERRAFORM.split("\n")[tokens.line - 1].strip() == 'http_tokens = "optional"'


@pytest.mark.parametrize(
    "name", ["names", "by_name", "joined", "nested", "sum", "both", "choice", "plain_choice", "nothing"]
)
def test_the_value_of_an_expression_is_not_known(name: str) -> None:
    """Only what is written out is judged."""
    assert text_at(hcl_reader.document(_TERRAFORM), f"locals.{name}") == ""


@pytest.mark.parametrize("text", ["a = ", "a {", 'a = "', "a = [1", "a = <<EOF\nx", "= 1", "a b c", "}"])
def test_what_is_not_terraform_is_said_to_be_unreadable(text: str) -> None:
    """With the line where the reader gave up."""
    with pytest.raises(Unreadable) as raised:
        hcl_reader.document(f"x = 1\n{text}")
    assert raised.value.line >= 2


def test_yaml_keeps_lines_through_anchors_merges_and_several_documents() -> None:
    """A person looks where the value was written."""
    text = "base: &base\n  privileged: true\n---\na: &b\n  x: 1\nc:\n  <<: *b\n  y: 2\n"
    first, second = yaml_reader.documents(text)
    assert [entry.line for entry in entries(first, "base.privileged")] == [2]
    assert [(entry.key, entry.line) for entry in entries(second, "c.*")] == [("y", 8), ("x", 5)]


def test_the_tags_of_cloudformation_are_values_nobody_knows() -> None:
    """What `!Ref` gives is decided when the stack is made."""
    (document,) = yaml_reader.documents("a: !Ref X\nb: !Sub '${A}-x'\nc: !If [a, b, c]\nd: plain\n")
    known = {entry.key: [one.literal for one in scalars(entry.node)] for entry in entries(document, "*")}
    assert known == {"a": [False], "b": [False], "c": [False], "d": [True]}


def test_templates_of_helm_are_read_around_their_expressions() -> None:
    """What they will become is not known; what stands beside them is."""
    text = "{{- if .Values.on }}\na: {{ .Values.a }}\nb:\n  c: true\n{{- end }}\n"
    (document,) = yaml_reader.documents(text)
    assert text_at(document, "b.c") == "true"
    assert [entry.line for entry in entries(document, "b.c")] == [4]
    assert text_at(document, "a") == ""


def test_lines_of_a_block_of_text_are_those_of_the_file() -> None:
    """Scripts of workflows are such blocks."""
    text = "run: |\n\n  first\n  second\n"
    (document,) = yaml_reader.documents(text)
    (script,) = (node for node in select(document, "run") if isinstance(node, Scalar))
    assert script.line_of(script.text.index("second")) == 4


def test_instructions_of_a_dockerfile_know_their_lines() -> None:
    """Continuations, comments between them, here-documents, and another escape character."""
    text = "# a\nFROM a AS b\nRUN x && \\\n    # why\n\n    y\nRUN <<EOF\nz\nEOF\ncmd q\n"
    read = dockerfile_reader.instructions(text)
    assert [(one.name, one.line, one.end_line) for one in read] == [
        ("FROM", 2, 2),
        ("RUN", 3, 6),
        ("RUN", 7, 8),
        ("CMD", 10, 10),
    ]
    assert [one.name for one in dockerfile_reader.instructions("# escape=`\nRUN a `\n  b\nUSER c\n")] == ["RUN", "USER"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("securityContext", "security_context"),
        ("hostPID", "host_pid"),
        ("PubliclyAccessible", "publicly_accessible"),
        ("CidrIp", "cidr_ip"),
        ("runAsNonRoot", "run_as_non_root"),
        ("cidr_blocks", "cidr_blocks"),
        ("network-mode", "network_mode"),
    ],
)
def test_keys_of_all_formats_are_looked_up_alike(key: str, expected: str) -> None:
    """One rule for Terraform and CloudFormation."""
    assert snake(key) == expected
