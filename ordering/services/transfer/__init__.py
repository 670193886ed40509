"""A restaurant into the database and out of it, as one file.

What an import means:

- Things are known by their keys: a restaurant by its slug, a table by its number, an option by its key in its group.
  What the file does not mention stays as it is, after what it mentions; `prune` deletes it.
- What the file mentions becomes what the file says: a field that is left out takes its default. Secrets are the
  exception: credentials and codes that are left out stay as they are stored.
- Lists inside a thing are its content, and become the file's: a category's items, a product's option groups, a
  course's choices.
- A photo is stored as its bytes are, unless they hold more than the picture: where it was taken is nobody's business
  who reads the carte. Such a one is encoded anew, once; what was exported comes back as the same bytes.
- A register of the same kind, address and shop is changed in place. Another one is another record (F70).
- It is all or nothing, and importing the same file again changes nothing.
"""

from .caution import AcceptanceNeeded
from .exporting import export_restaurant, export_with_warnings
from .importing import carte_mistakes, import_carte, import_restaurant
from .report import Report

__all__ = [
    "AcceptanceNeeded",
    "Report",
    "carte_mistakes",
    "export_restaurant",
    "export_with_warnings",
    "import_carte",
    "import_restaurant",
]
