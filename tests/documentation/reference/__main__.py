"""Write the generated pages of docs/reference/."""

from tests.documentation.reference import write_pages

write_pages()
