"""A kind of import-linter contract: modules that may import a closed list and nothing else."""

import sys

import grimp
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain import helpers

_IMPURE = """
    asyncio concurrent ctypes fcntl http io logging multiprocessing os pathlib queue random sched
    secrets select selectors shutil signal socket socketserver sqlite3 ssl subprocess tempfile
    threading time urllib uuid warnings
"""
IMPURE = frozenset(_IMPURE.split())
"""Of the standard library: async, clocks, chance, loggers, files and sockets (design §1.6)."""


class OnlyContract(Contract):
    """
    Each of `modules`, and what is below it, imports only `may_import`, and what is below that,
    and the standard library without its impure modules. Direct imports are judged, so what is
    allowed must be under a law of its own.
    """

    type_name = "only"

    modules = fields.ListField(subfield=fields.ModuleExpressionField())
    may_import = fields.ListField(subfield=fields.StringField())
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), default=set())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Find every import that the list does not allow."""
        del verbose  # import-linter passes it
        bound = helpers.module_expressions_to_modules(graph, self.modules, as_packages=True)
        names = {module.name for module in bound}
        ignored = helpers.import_expressions_to_imports(graph, self.ignore_imports)
        excused = {(i.importer.name, i.imported.name) for i in ignored}
        broken = [
            (importer, imported)
            for importer in sorted(names)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not self._allowed(imported, names) and (importer, imported) not in excused
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def _allowed(self, imported: str, names: set[str]) -> bool:
        top = imported.partition(".")[0]
        if top in sys.stdlib_module_names:
            return top not in IMPURE
        return imported in names or any(
            imported == allowed or imported.startswith(f"{allowed}.") for allowed in self.may_import
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line an import."""
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} may not import {imported}", bold=False)
        output.new_line()
