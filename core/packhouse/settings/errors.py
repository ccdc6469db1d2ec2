from collections.abc import Iterable


class SettingsError(Exception):
    """Settings that cannot be used.

    `problems` holds one sentence for each, naming the file or environment variable and the full key. A value is never
    quoted: it may be a secret.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0]
        return "\n".join([f"{len(self.problems)} settings were refused:", *(f"  - {each}" for each in self.problems)])
