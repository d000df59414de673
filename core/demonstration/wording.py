"""The words that the demo's stories are told with. All of it is invented; addresses and numbers belong to nobody."""

from __future__ import annotations

# fmt: off
FIRST_NAMES = (
    "Amara", "Anton", "Astrid", "Beatriz", "Bruno", "Camille", "Chen", "Clara", "Dario", "Deniz", "Edda", "Elif",
    "Emil", "Esther", "Farid", "Fiona", "Gita", "Goran", "Hanna", "Hugo", "Ines", "Ivan", "Jamal", "Jana", "Joana",
    "Jonas", "Kamal", "Katrin", "Kofi", "Lara", "Leon", "Lina", "Luca", "Maja", "Malik", "Marta", "Milan", "Mina",
    "Nadia", "Nils", "Noor", "Olga", "Omar", "Paula", "Pedro", "Priya", "Rafael", "Rania", "Rosa", "Samir", "Sara",
    "Simon", "Sofia", "Stefan", "Tara", "Theo", "Tomas", "Vera", "Viktor", "Yara", "Yusuf", "Zoe",
)
# fmt: on
# fmt: off
LAST_NAMES = (
    "Abadi", "Almeida", "Andersen", "Baptiste", "Barros", "Bauer", "Bianchi", "Bosch", "Carvalho", "Castro",
    "Costa", "Cruz", "Dahl", "Demir", "Duarte", "Eriksen", "Fischer", "Fontaine", "Garcia", "Gomes", "Haddad",
    "Hansen", "Horvat", "Ibrahim", "Jansen", "Kaya", "Keller", "Kowalski", "Kramer", "Laurent", "Lehmann", "Lopes",
    "Marin", "Martins", "Mensah", "Moreau", "Nakamura", "Navarro", "Nielsen", "Novak", "Nunes", "Okafor", "Olsen",
    "Pereira", "Petrov", "Ramos", "Rossi", "Santos", "Schmidt", "Silva", "Singh", "Sousa", "Tanaka", "Teixeira",
    "Torres", "Varga", "Vieira", "Weber", "Wolf", "Yilmaz", "Zamora",
)
# fmt: on
SERVICES = {
    "Nutrition consultation": 85,
    "Meal plan review": 45,
    "Body composition scan": 120,
    "Home blood test": 160,
    "Twelve-week coaching": 690,
    "Family meal plan": 240,
    "Sports nutrition package": 380,
    "Allergy assessment": 210,
    "Group workshop": 60,
    "Corporate wellness day": 2400,
}
COMPLAINTS = (
    ("delivery", "Meal box arrived two days late", "The box was promised for Monday and came on Wednesday, warm."),
    ("billing", "Charged twice for one consultation", "My statement shows the same amount twice on the same day."),
    ("billing", "Subscription renewed after cancelling", "I cancelled in time and was charged again anyway."),
    ("quality", "Plan ignores my nut allergy", "The plan lists almonds three times although I declared the allergy."),
    ("service", "Consultant did not appear", "I waited for forty minutes in the call and nobody came."),
    ("service", "No answer to three messages", "I have written three times in two weeks and heard nothing."),
    ("app", "Cannot open my meal plan", "The app shows an empty page where the plan should be."),
    ("privacy", "Another person's plan in my account", "I can see a plan with somebody else's name on it."),
    ("quality", "Wrong portion sizes in the plan", "The quantities are for four people, I live alone."),
    ("delivery", "Items missing from the box", "Two of the seven dinners were not in the box."),
)
BOOKING_REASONS = (
    "payment failed: the card was declined",
    "payment failed: 3-D Secure was not completed",
    "pending for more than 48 hours without confirmation",
    "the consultant is double booked at this time",
    "the amount differs from the price list",
)
REFUND_REASONS = (
    "service was not delivered",
    "customer was charged twice",
    "cancelled within the free period",
    "quality complaint accepted by support",
    "consultant cancelled at short notice",
)
CANCELLATION_REASONS = (
    "illness",
    "moved to another city",
    "found another date elsewhere",
    "too expensive",
    "no longer needed",
)
STORAGE_ERRORS = (
    "storage answered 503 after {tries} attempts",
    "storage timed out after 30 s, {tries} attempts",
    "storage answered 403: the token was refused",
    "connection reset by peer after {tries} attempts",
)
BLACKLIST_REASONS = (
    "three failed payments in 30 days",
    "charge-back of an order",
    "address used by several accounts",
    "abusive messages to support",
)
APPEALS = (
    "My bank replaced my card and the old one kept being charged. The new one works.",
    "I did not order this. Somebody used my address. Please let me order again.",
    "The charge-back was a mistake of my bank, they have taken it back.",
    "I share the address with my flatmates, we are different people.",
)
HOLD_REASONS = (
    "open invoice dispute",
    "tax audit of the financial year",
    "request by the data protection officer",
    "pending insurance claim",
)
PLANS = ("Mediterranean week", "High-protein plan", "Low-FODMAP plan", "Vegetarian month", "Diabetes-friendly plan")
PRACTICES = ("Family Practice", "Nutrition Clinic", "Dietetic Center", "Health Partners", "Wellness Group")
TAXONOMIES = ("133V00000X", "261QP2300X", "208D00000X", "207Q00000X", "133N00000X")
PLACES = (
    ("Springfield", "IL", "62701"),
    ("Riverside", "CA", "92501"),
    ("Franklin", "TN", "37064"),
    ("Clinton", "MS", "39056"),
    ("Georgetown", "TX", "78626"),
    ("Salem", "OR", "97301"),
    ("Bristol", "CT", "06010"),
    ("Dover", "DE", "19901"),
)
STREETS = ("Oak Street", "Maple Avenue", "Main Street", "Park Road", "Hill Drive", "Lake View", "Church Lane")
FLAGS = (
    ("npi", "the check digit of the NPI does not fit"),
    ("phone", "the phone number has nine digits"),
    ("postal_code", "the postal code is not in the state"),
)
MISSING = (("phone",), ("npi",), ("postal_code", "city"), ("taxonomy",))
COMMENTS = (
    "Called the customer, they will send the receipt.",
    "Same pattern as last week's case.",
    "Checked with billing: the amount is right.",
    "Left a message, no answer yet.",
    "The record looks complete apart from this.",
    "Asked the supplier for the delivery note.",
    "Confirmed with the consultant.",
)
WHY = {
    "complaint": (
        "Apologised and explained; the customer is content.",
        "Verified with the records; put right and told the customer.",
        "Agreed on a goodwill gesture with the customer.",
    ),
    "booking": (
        "Payment has arrived in the meantime.",
        "Agreed a new time with the customer.",
        "Checked and in order.",
    ),
    "refund": ("The proof is in order and the amount agrees.", "Within the terms; small amount.", "Outside the terms."),
    "cancellation": ("Within the free period.", "Customer confirmed by phone.", "Agreed with the customer."),
    "pdf_deletion_failed": ("The file is gone from storage.", "Storage confirms that there is no such file."),
    "quiz_orphaned": ("Older than a week and nothing refers to it.", "The owner is known by the session."),
    "blacklist_disputed": ("The payments since are in order.", "The reason still stands.", "Mistaken identity."),
    "retention_exception": ("The dispute is settled.", "The audit goes on until the end of the year."),
    "foreign_key_violation": ("The referenced record exists again.", "The reference was left over from a merge."),
    "duplicate_check": ("Same NPI, phone and address.", "Same name, other people: different NPIs.", "Same office."),
    "missing_data": ("Found in the public register.", "The practice told us by phone.", "Not to be had."),
    "validation_flag": ("Typing error, corrected from the register.", "Correct as it is.", "Not to be had."),
}
REJECTIONS = ("Duplicate of another case.", "Nothing to do: it was settled before.", "Not ours to decide.")
