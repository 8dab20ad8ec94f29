-- CreateTable
CREATE TABLE "PastKind" (
    "kind" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "PastKind_pkey" PRIMARY KEY ("kind")
);

-- CreateTable
CREATE TABLE "PastReach" (
    "organisationId" UUID NOT NULL,
    "keptDays" INTEGER NOT NULL DEFAULT 1095,
    "cutAt" TIMESTAMPTZ(3),
    "held" TIMESTAMPTZ(3)[] DEFAULT ARRAY[]::TIMESTAMPTZ(3)[],
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "PastReach_pkey" PRIMARY KEY ("organisationId")
);

-- CreateIndex
CREATE INDEX "PastRow_organisationId_validTo_idx" ON "PastRow"("organisationId", "validTo");

-- AddForeignKey
ALTER TABLE "PastReach" ADD CONSTRAINT "PastReach_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- ── What was ────────────────────────────────────────────────────────────────

-- Keeps that a row is so from now on; null for one that is gone. Of a row that changes more often than so many times
-- a day the last state is kept in place of those between: a node that comes and goes must not fill the disk.
CREATE FUNCTION "keep_past"(
  "of_organisation" uuid, "of_kind" text, "of_row" text, "has" jsonb, "daily_most" integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  "moment" timestamptz(3) := clock_timestamp();
  "newest" timestamptz(3);
  "today" integer;
BEGIN
  SELECT max("validFrom"), count(*) FILTER (WHERE "validFrom" > "moment" - interval '1 day')
    INTO "newest", "today" FROM "PastRow"
    WHERE "organisationId" = "of_organisation" AND "kind" = "of_kind" AND "rowId" = "of_row";
  -- A clock that was set back must not make a row older than the one before it.
  "moment" := greatest("moment", "newest");
  IF "has" IS NOT NULL AND "today" >= "daily_most" THEN
    UPDATE "PastRow" SET "content" = "has", "validTo" = NULL
      WHERE "organisationId" = "of_organisation" AND "kind" = "of_kind" AND "rowId" = "of_row"
        AND "validFrom" = "newest";
    RETURN;
  END IF;
  -- What was so for less than a millisecond was never so.
  DELETE FROM "PastRow"
    WHERE "organisationId" = "of_organisation" AND "kind" = "of_kind" AND "rowId" = "of_row"
      AND "validTo" IS NULL AND "validFrom" >= "moment";
  UPDATE "PastRow" SET "validTo" = "moment"
    WHERE "organisationId" = "of_organisation" AND "kind" = "of_kind" AND "rowId" = "of_row" AND "validTo" IS NULL;
  IF "has" IS NOT NULL THEN
    INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
      VALUES ("of_organisation", "of_kind", "of_row", "moment", "has")
      ON CONFLICT ("organisationId", "kind", "rowId", "validFrom")
        DO UPDATE SET "content" = EXCLUDED."content", "validTo" = NULL;
  END IF;
END;
$$;

-- Whatever people and deployments change: every state of it.
CREATE OR REPLACE FUNCTION "keep_past_row"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "had" jsonb;
  "has" jsonb;
  "whole" jsonb;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    "whole" := to_jsonb(OLD);
    "had" := "past_content"("whole", TG_ARGV);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    "whole" := to_jsonb(NEW);
    "has" := "past_content"("whole", TG_ARGV);
  END IF;
  IF "had" IS NOT DISTINCT FROM "has" THEN RETURN NULL; END IF;
  PERFORM "keep_past"(("whole" ->> 'organisationId')::uuid, TG_TABLE_NAME,
    coalesce("whole" ->> 'id', ("whole" ->> 'contextId') || ' ' || ("whole" ->> 'authorityId'), "whole" ->> 'instanceId'),
    "has", NULL);
  RETURN NULL;
END;
$$;

-- What is seen again and again is kept as one row for as long as it goes on: `until` moves within the row, and so does
-- the certificate of a peer that renews it each hour. The next row begins where what was seen is another, or was not
-- seen in between.
CREATE FUNCTION "keep_past_run"(
  "of_organisation" uuid, "of_kind" text, "of_row" text, "had" jsonb, "has" jsonb, "gap" interval
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF "had" IS NOT DISTINCT FROM "has" THEN RETURN; END IF;
  IF "had" - ARRAY['until', 'sha256'] = "has" - ARRAY['until', 'sha256'] AND ("has" ->> 'until')::timestamptz - ("had" ->> 'until')::timestamptz <= "gap" THEN
    UPDATE "PastRow" SET "content" = "has"
      WHERE "organisationId" = "of_organisation" AND "kind" = "of_kind" AND "rowId" = "of_row" AND "validTo" IS NULL;
    IF FOUND THEN RETURN; END IF;
  END IF;
  PERFORM "keep_past"("of_organisation", "of_kind", "of_row", "has", 24);
END;
$$;

-- What nodes see, by the day on which it was seen last: the first argument names the columns that tell one from
-- another, the second those that are kept. A name may be long, and a key must not be.
CREATE FUNCTION "past_seen"("whole" jsonb, "columns" text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT "past_content"("whole", string_to_array("columns", ' '))
    || jsonb_build_object('apiId', "whole" -> 'instanceId', 'until',
      to_char(("whole" ->> 'lastSeenAt')::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T00:00:00Z"'))
    || CASE WHEN "whole" ? 'clientIds' THEN jsonb_build_object('clientIds', (
      SELECT coalesce(jsonb_agg("clientId" ORDER BY "clientId"), '[]')
      FROM jsonb_array_elements_text("whole" -> 'clientIds') AS "clientId")) ELSE '{}' END
$$;

CREATE FUNCTION "past_seen_id"("whole" jsonb, "keys" text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT ("whole" ->> 'instanceId') || ' ' || encode(sha256(convert_to(
    (SELECT string_agg("whole" ->> "key", chr(31) ORDER BY "key") FROM unnest(string_to_array("keys", ' ')) AS "key"), 'UTF8')), 'hex')
$$;

CREATE FUNCTION "keep_past_seen"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "whole" jsonb := to_jsonb(coalesce(NEW, OLD));
  "named" text := "past_seen_id"("whole", TG_ARGV[0]);
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM "keep_past"(OLD."organisationId", TG_TABLE_NAME, "named", NULL, NULL);
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM "keep_past"(NEW."organisationId", TG_TABLE_NAME, "named", "past_seen"("whole", TG_ARGV[1]), 24);
  ELSE
    PERFORM "keep_past_run"(NEW."organisationId", TG_TABLE_NAME, "named",
      "past_seen"(to_jsonb(OLD), TG_ARGV[1]), "past_seen"("whole", TG_ARGV[1]), '1 day');
  END IF;
  RETURN NULL;
END;
$$;

-- A node by the hour in which it was seen last: one that never said goodbye is not there for ever.
CREATE FUNCTION "past_node"("node" "Node") RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', "node"."id", 'gatewayId', "node"."gatewayId", 'appliedRevision', "node"."appliedRevision",
    'connected', "node"."connectedAt" IS NOT NULL AND "node"."lastSeenAt" IS NOT NULL
      AND ("node"."disconnectedAt" IS NULL OR "node"."disconnectedAt" < "node"."connectedAt"),
    'until', to_char("node"."lastSeenAt" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00:00"Z"'))
$$;

CREATE FUNCTION "keep_past_node"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM "keep_past"(OLD."organisationId", 'Node', OLD."id"::text, NULL, NULL);
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM "keep_past_run"(NEW."organisationId", 'Node', NEW."id"::text, NULL, "past_node"(NEW), '1 hour');
  ELSE
    PERFORM "keep_past_run"(NEW."organisationId", 'Node', NEW."id"::text, "past_node"(OLD), "past_node"(NEW), '1 hour');
  END IF;
  RETURN NULL;
END;
$$;

CREATE TRIGGER "Node_keep_past" AFTER INSERT OR UPDATE OR DELETE ON "Node"
  FOR EACH ROW EXECUTE FUNCTION "keep_past_node"();

-- How a node is by its own account, and none of its figures. Half a megabyte comes every five seconds: what has not
-- changed is not looked at.
CREATE FUNCTION "keep_past_status"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM "keep_past"(OLD."organisationId", 'NodeReport', OLD."nodeId"::text, NULL, NULL);
  ELSE
    PERFORM "keep_past"(NEW."organisationId", 'NodeReport', NEW."nodeId"::text,
      jsonb_build_object('nodeId', NEW."nodeId", 'status', NEW."pulse" -> 'status'), 24);
  END IF;
  RETURN NULL;
END;
$$;

CREATE TRIGGER "NodeReport_keep_past" AFTER INSERT OR DELETE ON "NodeReport"
  FOR EACH ROW EXECUTE FUNCTION "keep_past_status"();
CREATE TRIGGER "NodeReport_keep_past_change" AFTER UPDATE OF "pulse" ON "NodeReport"
  FOR EACH ROW WHEN (OLD."pulse" -> 'status' IS DISTINCT FROM NEW."pulse" -> 'status')
  EXECUTE FUNCTION "keep_past_status"();

-- What is there already is kept from now on.
DO $$
DECLARE
  "seen" record;
BEGIN
  FOR "seen" IN SELECT * FROM (VALUES
    ('ObservedPeer', 'side who', 'side subject issuer names sha256 anchorSha256 firstSeenAt'),
    ('ObservedCaller', 'clientId', 'clientId firstSeenAt'),
    ('ObservedAgreement', 'side version cipher isMutual', 'side version cipher isMutual firstSeenAt')
  ) AS "tables" ("name", "keys", "columns") LOOP
    EXECUTE format(
      'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION "keep_past_seen"(%L, %L)',
      "seen"."name" || '_keep_past', "seen"."name", "seen"."keys", "seen"."columns");
    EXECUTE format(
      'INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
       SELECT "organisationId", %L, "past_seen_id"(to_jsonb(t), %L), clock_timestamp(), "past_seen"(to_jsonb(t), %L) FROM %I t',
      "seen"."name", "seen"."keys", "seen"."columns", "seen"."name");
  END LOOP;
END;
$$;
-- Thousands of APIs are watched from the same moment on: all of a statement at once, not row by row.
CREATE FUNCTION "keep_past_added_apis"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
    SELECT "organisationId", 'ObservedApi', "instanceId"::text, clock_timestamp(),
      jsonb_build_object('instanceId', "instanceId", 'since', "since") FROM "added"
    ON CONFLICT ("organisationId", "kind", "rowId", "validFrom")
      DO UPDATE SET "content" = EXCLUDED."content", "validTo" = NULL;
  RETURN NULL;
END;
$$;
CREATE TRIGGER "ObservedApi_keep_past_added" AFTER INSERT ON "ObservedApi"
  REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "keep_past_added_apis"();
CREATE TRIGGER "ObservedApi_keep_past" AFTER UPDATE OR DELETE ON "ObservedApi"
  FOR EACH ROW EXECUTE FUNCTION "keep_past_row"('instanceId', 'since');
INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
  SELECT "organisationId", 'ObservedApi', "instanceId"::text, clock_timestamp(),
    jsonb_build_object('instanceId', "instanceId", 'since', "since") FROM "ObservedApi";
INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
  SELECT "organisationId", 'Node', "id"::text, clock_timestamp(), "past_node"("node") FROM "Node" "node";
INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
  SELECT "organisationId", 'NodeReport', "nodeId"::text, clock_timestamp(),
    jsonb_build_object('nodeId', "nodeId", 'status', "pulse" -> 'status') FROM "NodeReport";
INSERT INTO "PastKind" ("kind", "since")
  SELECT "kind", clock_timestamp() FROM unnest(ARRAY['ObservedPeer', 'Node']) AS "kind";
