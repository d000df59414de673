"""The words of items can be searched for: scrubbed for everybody, so that a search tells no more than the list does."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None



def class_of(test: Callable[[str], bool]) -> str:
    """The characters of which `test` is true, for between the brackets of a regular expression."""
    return "".join(chr(code) for code in range(0x20000) if test(chr(code)))


SPACE, DIGIT = class_of(str.isspace), class_of(str.isdecimal)
# Takes out at least what core.pii.scrub masks: addresses, what follows a question mark, seven digits and more.
# Digits beside what is taken out go with it: they may have been one number.
NUMBER = f"[{DIGIT}{SPACE}()./+-]*"
SHOWN = rf"""
CREATE FUNCTION shown_to_all(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(told, '{NUMBER}[^{SPACE}]*@[^{SPACE}]*{NUMBER}', ' ', 'g'),
        '[?][^{SPACE}]*{NUMBER}', ' ', 'g'), '[{DIGIT}]([{SPACE}()./-]{{0,2}}[{DIGIT}]){{6,}}', ' ', 'g')
$$"""
WORDS = r"""
CREATE FUNCTION words_of(title text, reason text, item_type text, resource_id text, external_ref text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('simple', regexp_replace(concat_ws(' ', shown_to_all(title), shown_to_all(reason),
        item_type, resource_id, external_ref), '[!-/\x3a-@\x5b-`{-~]+', ' ', 'g'))
$$"""
ON_INSERT = """
CREATE FUNCTION keep_words_of_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO item_words SELECT id, words_of(title, reason, item_type, resource_id, external_ref) FROM news
    ON CONFLICT (item_id) DO UPDATE SET words = excluded.words;
    RETURN NULL;
END $$"""
ON_UPDATE = """
CREATE FUNCTION keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE item_words SET words = words_of(NEW.title, NEW.reason, NEW.item_type, NEW.resource_id, NEW.external_ref)
    WHERE item_id = NEW.id;
    RETURN NULL;
END $$"""
FILL = """
INSERT INTO item_words SELECT id, words_of(title, reason, item_type, resource_id, external_ref) FROM work_items"""
TRIGGERS = (
    "CREATE TRIGGER work_items_words_of_news AFTER INSERT ON work_items REFERENCING NEW TABLE AS news "
    "FOR EACH STATEMENT EXECUTE FUNCTION keep_words_of_news()",
    "CREATE TRIGGER work_items_words AFTER UPDATE OF title, reason, item_type, resource_id, external_ref "
    "ON work_items FOR EACH ROW EXECUTE FUNCTION keep_words()",
)


def upgrade() -> None:
    op.create_table(
        "item_words",
        sa.Column("item_id", sa.BigInteger(), sa.ForeignKey("work_items.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
    )
    for statement in (SHOWN, WORDS, ON_INSERT, ON_UPDATE, *TRIGGERS):
        op.get_bind().exec_driver_sql(statement)
    op.get_bind().exec_driver_sql(FILL)
    op.create_index("item_words_by_word", "item_words", ["words"], postgresql_using="gin")
