"""Ways to break one interface on the provider's side, as a careless change does; consumers are left as they are.

Each is a function of the sources and a random generator that yields breakages; `restorable` says whether what was lost
can still be told from the rest of the tree, without history.
"""

import ast
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.bench.repair.sources import Function, Source, Sources


@dataclass(frozen=True)
class Breakage:
    breaker: str
    what: str
    restorable: bool
    provider: str
    files: Mapping[str, str | None] = field(default_factory=dict)
    """Path -> text after the break; None for a file that goes."""


Breaker = Callable[[Sources, random.Random], Iterator[Breakage]]
BREAKERS: dict[str, Breaker] = {}


def breaker(make: Breaker) -> Breaker:
    BREAKERS[make.__name__] = make
    return make


def _shuffled(sources: Sources, chance: random.Random) -> list[Source]:
    return chance.sample(sources.own, len(sources.own))


def _public(sources: Sources, source: Source, chance: random.Random) -> Iterator[tuple[str, Function]]:
    """Functions and methods of this file whose name another file uses."""
    elsewhere = sources.words_elsewhere(source.path)
    found = [
        (owner, node) for owner, node in source.functions() if not node.name.startswith("_") and node.name in elsewhere
    ]
    yield from chance.sample(found, len(found))


def _new_name(name: str, chance: random.Random) -> str:
    parts = name.split("_")
    choices = [f"{name}_value", f"do_{name}", f"{name}_impl", f"_{name}", "_".join(reversed(parts)) + "_", f"{name}s"]
    return chance.choice(choices)


def _one(name: str, what: str, restorable: bool, source: Source, text: str) -> Breakage:
    return Breakage(name, what, restorable, source.path, {source.path: text})


@breaker
def rename_function(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            if not owner:
                new = _new_name(node.name, chance)
                text = source.changed([(*span, new) for span in source.name_spans(node.name)])
                yield _one("rename_function", f"{node.name} -> {new}", True, source, text)


@breaker
def rename_method(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            if owner:
                new = _new_name(node.name, chance)
                text = source.changed([(*span, new) for span in source.name_spans(node.name, owner=owner)])
                yield _one("rename_method", f"{owner}.{node.name} -> {new}", True, source, text)


@breaker
def rename_class(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        elsewhere = sources.words_elsewhere(source.path)
        for node in chance.sample(source.classes(), len(source.classes())):
            if node.name in elsewhere and not node.name.startswith("_"):
                new = chance.choice([f"{node.name}Impl", f"Base{node.name}", f"{node.name}s", f"New{node.name}"])
                text = source.changed([(*span, new) for span in source.name_spans(node.name)])
                yield _one("rename_class", f"{node.name} -> {new}", True, source, text)


def _in_function(source: Source, node: Function, name: str) -> list[tuple[int, int]]:
    return [source.span(each) for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == name]


@breaker
def rename_parameter(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            used = sources.keywords_elsewhere(source.path, node.name)
            for arg in (*node.args.args, *node.args.kwonlyargs):
                if arg.arg in used:
                    new = chance.choice([f"{arg.arg}_value", f"new_{arg.arg}", f"the_{arg.arg}"])
                    begin, _ = source.span(arg)
                    edits = [(begin, begin + len(arg.arg.encode()), new)]
                    edits += [(*span, new) for span in _in_function(source, node, arg.arg)]
                    what = f"{owner}.{node.name}({arg.arg} -> {new})"
                    yield _one("rename_parameter", what, True, source, source.changed(edits))


def _removal(source: Source, node: Function, arg: ast.arg) -> str | None:
    """The text without one parameter, by unparsing the signature alone."""
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    if arg in plain:
        at, first = plain.index(arg), len(plain) - len(arguments.defaults)
        defaults = list(arguments.defaults)
        if at >= first:
            del defaults[at - first]
        kept = [each for each in arguments.args if each is not arg]
        new = ast.arguments(
            arguments.posonlyargs,
            kept,
            arguments.vararg,
            arguments.kwonlyargs,
            arguments.kw_defaults,
            arguments.kwarg,
            defaults,
        )
    else:
        pairs = [
            (each, value)
            for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if each is not arg
        ]
        new = ast.arguments(
            arguments.posonlyargs,
            arguments.args,
            arguments.vararg,
            [each for each, _ in pairs],
            [value for _, value in pairs],
            arguments.kwarg,
            arguments.defaults,
        )
    return _with_signature(source, node, new)


def _with_signature(source: Source, node: Function, new: ast.arguments) -> str | None:
    raw = source.text.encode()
    everything = [
        *node.args.posonlyargs,
        *node.args.args,
        *node.args.kwonlyargs,
        *([node.args.vararg] if node.args.vararg else []),
        *([node.args.kwarg] if node.args.kwarg else []),
    ]
    if not everything:
        return None
    begin = raw.rindex(b"(", 0, min(source.span(arg)[0] for arg in everything)) + 1
    depth, end = 1, begin
    while depth:
        character = raw[end : end + 1]
        depth += (character in b"([{") - (character in b")]}")
        end += 1
    text = source.changed([(begin, end - 1, ast.unparse(new))])
    try:
        ast.parse(text)
    except SyntaxError:
        return None
    return text


@breaker
def drop_parameter(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    """The body goes on using it: a hand slipped."""
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            used = sources.keywords_elsewhere(source.path, node.name)
            for arg in (*node.args.args, *node.args.kwonlyargs):
                if arg.arg in used and (text := _removal(source, node, arg)):
                    yield _one("drop_parameter", f"{owner}.{node.name}({arg.arg})", True, source, text)


@breaker
def require_parameter(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            arguments = node.args
            if len(arguments.defaults) == 1:
                new = ast.arguments(
                    arguments.posonlyargs,
                    arguments.args,
                    arguments.vararg,
                    arguments.kwonlyargs,
                    arguments.kw_defaults,
                    arguments.kwarg,
                    [],
                )
                counts = sources.positionals_elsewhere(source.path, node.name)
                few = len(arguments.args) - bool(owner)
                if any(count < few for count in counts) and (text := _with_signature(source, node, new)):
                    yield _one("require_parameter", f"{owner}.{node.name}", False, source, text)


@breaker
def keyword_only(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            arguments = node.args
            own = arguments.args[bool(owner) :]
            if not own or arguments.vararg or arguments.kwonlyargs or arguments.posonlyargs:
                continue
            if max(sources.positionals_elsewhere(source.path, node.name), default=0) < len(own):
                continue
            last = own[-1]
            default = arguments.defaults[-1] if arguments.defaults else None
            new = ast.arguments(
                [], arguments.args[:-1], None, [last], [default], arguments.kwarg, arguments.defaults[:-1]
            )
            if text := _with_signature(source, node, new):
                yield _one("keyword_only", f"{owner}.{node.name}(*, {last.arg})", True, source, text)


@breaker
def drop_export(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        if not source.path.endswith("__init__.py"):
            continue
        elsewhere = sources.words_elsewhere(source.path)
        for node in source.tree.body:
            if not isinstance(node, ast.ImportFrom) or len(node.names) < 1:
                continue
            for alias in chance.sample(node.names, len(node.names)):
                if alias.name == "*" or (alias.asname or alias.name) not in elsewhere:
                    continue
                kept = [each for each in node.names if each is not alias]
                new = ast.unparse(ast.ImportFrom(node.module, kept, node.level)) if kept else "pass"
                begin, end = source.span(node)
                yield _one("drop_export", alias.name, True, source, source.changed([(begin, end, new)]))


@breaker
def drop_import(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        if source.path.endswith("__init__.py"):
            continue
        found = [node for node in source.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        for node in chance.sample(found, len(found)):
            if isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*"):
                continue
            begin, end = source.span(node)
            yield _one("drop_import", ast.unparse(node), True, source, source.changed([(begin, end, "pass")]))


@breaker
def drop_method(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            lines = [*(decorator.lineno for decorator in node.decorator_list), node.lineno]
            begin = source.at(min(lines), node.col_offset)
            if owner:
                text = source.changed([(begin, source.span(node)[1], "pass")])
                yield _one("drop_method", f"{owner}.{node.name}", False, source, text)


@breaker
def make_async(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            if isinstance(node, ast.FunctionDef) and not any(isinstance(each, ast.Yield) for each in ast.walk(node)):
                at = source.at(node.lineno, node.col_offset)
                text = source.changed([(at, at, "async ")])
                yield _one("make_async", f"{owner}.{node.name}", False, source, text)


@breaker
def property_to_method(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            for decorator in node.decorator_list:
                if getattr(decorator, "id", "") in ("property", "staticmethod", "classmethod"):
                    begin, end = source.span(decorator)
                    text = source.changed([(begin - 1, end + 1 + node.col_offset, "")])
                    what = f"{owner}.{node.name} without @{ast.unparse(decorator)}"
                    yield _one("property_to_method", what, True, source, text)


@breaker
def return_shape(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        for owner, node in _public(sources, source, chance):
            returns = [each for each in ast.walk(node) if isinstance(each, ast.Return) and each.value is not None]
            if returns and isinstance(node, ast.FunctionDef):
                shape = chance.choice(['{{"value": ({0})}}', "[({0})]", "(({0}), None)"])
                edits = []
                for each in returns:
                    assert each.value is not None
                    begin, end = source.span(each.value)
                    edits.append((begin, end, shape.format(source.text.encode()[begin:end].decode())))
                try:
                    text = source.changed(edits)
                    ast.parse(text)
                except (SyntaxError, UnicodeDecodeError):
                    continue
                yield _one("return_shape", f"{owner}.{node.name}: {shape}", False, source, text)


@breaker
def drop_attribute(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        elsewhere = sources.words_elsewhere(source.path)
        for owner, node in source.functions():
            if node.name != "__init__":
                continue
            for each in node.body:
                target = each.targets[0] if isinstance(each, ast.Assign) else None
                if isinstance(target, ast.Attribute) and target.attr in elsewhere:
                    text = source.changed([(*source.span(each), "pass")])
                    yield _one("drop_attribute", f"{owner}.{target.attr}", False, source, text)


@breaker
def move_module(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    """The module goes to another name beside its old place; relative imports keep their meaning."""
    for source in _shuffled(sources, chance):
        folder, _, name = source.path.rpartition("/")
        stem = name.removesuffix(".py")
        if stem.startswith("__") or not folder or stem not in sources.words_elsewhere(source.path):
            continue
        new = f"{folder}/{chance.choice([f'{stem}_core', f'_{stem}', f'new_{stem}'])}.py"
        files = {source.path: None, new: source.text}
        yield Breakage("move_module", f"{source.path} -> {new}", True, source.path, files)


@breaker
def abstract_added(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        elsewhere = sources.words_elsewhere(source.path)
        for node in chance.sample(source.classes(), len(source.classes())):
            if node.name in elsewhere and not node.bases and not node.decorator_list and not node.keywords:
                head = source.at(node.lineno, node.col_offset) + len(f"class {node.name}".encode())
                end = source.span(node)[1]
                addition = "\n\n    @__import__('abc').abstractmethod\n    def check_integrity(self):\n        ...\n"
                text = source.changed([(head, head, "(metaclass=__import__('abc').ABCMeta)"), (end, end, addition)])
                try:
                    ast.parse(text)
                except SyntaxError:
                    continue
                yield _one("abstract_added", node.name, True, source, text)


@breaker
def damage_text(sources: Sources, chance: random.Random) -> Iterator[Breakage]:
    for source in _shuffled(sources, chance):
        lines = source.text.splitlines(keepends=True)
        if len(lines) < 20:
            continue
        kind = chance.choice(["markers", "leaked", "colon", "truncated", "bracket", "tab"])
        at = chance.randrange(10, len(lines) - 5)
        text = _damaged(kind, lines, at)
        if text is not None:
            yield _one("damage_text", kind, kind != "truncated", source, text)


def _damaged(kind: str, lines: list[str], at: int) -> str | None:
    if kind == "markers":
        part = "".join(lines[at : at + 3])
        return "".join([*lines[:at], "<<<<<<< HEAD\n", part, "=======\n", part, ">>>>>>> feature\n", *lines[at + 3 :]])
    if kind == "leaked":
        return "".join([*lines, "```\n\nThis change makes the parser faster, doesn't it? Let me know.\n"])
    if kind == "truncated":
        return "".join(lines[:at]) + lines[at][: max(len(lines[at]) // 2, 1)]
    for number in range(at, len(lines)):
        line = lines[number]
        if (
            kind == "colon"
            and line.rstrip().endswith(":")
            and line.lstrip().startswith(("def ", "if ", "for ", "class "))
        ):
            return "".join([*lines[:number], line.rstrip()[:-1] + "\n", *lines[number + 1 :]])
        if kind == "bracket" and line.rstrip().endswith(")") and line.count("(") == line.count(")"):
            return "".join([*lines[:number], line.rstrip()[:-1] + "\n", *lines[number + 1 :]])
        if kind == "tab" and line.startswith("        ") and line.strip():
            return "".join([*lines[:number], "\t" + line.lstrip(), *lines[number + 1 :]])
    return None
