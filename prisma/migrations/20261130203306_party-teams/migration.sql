-- AlterTable
ALTER TABLE "Party" ADD COLUMN     "team" TEXT;

-- The past keeps the team as well, beside whatever it keeps of a party already.
DO $$
DECLARE
  "columns" text[];
BEGIN
  SELECT array_remove(string_to_array(encode("tgargs", 'escape'), '\000'), '') || ARRAY['team'] INTO STRICT "columns"
    FROM pg_trigger WHERE "tgname" = 'Party_keep_past';
  DROP TRIGGER "Party_keep_past" ON "Party";
  EXECUTE format(
    'CREATE TRIGGER "Party_keep_past" AFTER INSERT OR UPDATE OR DELETE ON "Party" FOR EACH ROW EXECUTE FUNCTION "keep_past_row"(%s)',
    (SELECT string_agg(quote_literal("column"), ', ') FROM unnest("columns") AS "column"));
END;
$$;
