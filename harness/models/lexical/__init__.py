from harness.models.lexical.model import Lexical as Lexical
