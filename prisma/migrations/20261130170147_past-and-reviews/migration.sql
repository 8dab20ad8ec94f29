-- AlterTable
ALTER TABLE "Environment" ADD COLUMN     "demandsSignOff" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;

-- CreateTable
CREATE TABLE "PastRow" (
    "organisationId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "rowId" TEXT NOT NULL,
    "validFrom" TIMESTAMPTZ(3) NOT NULL,
    "validTo" TIMESTAMPTZ(3),
    "content" JSONB NOT NULL,

    CONSTRAINT "PastRow_pkey" PRIMARY KEY ("organisationId","kind","rowId","validFrom")
);

-- CreateTable
CREATE TABLE "Thread" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "subjectKind" TEXT NOT NULL,
    "subjectId" TEXT NOT NULL,
    "subjectName" TEXT NOT NULL,
    "legId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolvedAt" TIMESTAMPTZ(3),
    "resolvedBy" TEXT,

    CONSTRAINT "Thread_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Comment" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "threadId" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "authorId" TEXT NOT NULL,
    "authorName" TEXT NOT NULL,

    CONSTRAINT "Comment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Review" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "gatewayId" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "items" JSONB NOT NULL,
    "revision" INTEGER,
    "instanceId" UUID,
    "note" TEXT NOT NULL DEFAULT '',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "requestedById" TEXT NOT NULL,
    "requestedBy" TEXT NOT NULL,
    "withdrawnAt" TIMESTAMPTZ(3),

    CONSTRAINT "Review_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SignOff" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "gatewayId" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "items" JSONB NOT NULL,
    "revision" INTEGER,
    "note" TEXT NOT NULL DEFAULT '',
    "auditSequence" INTEGER NOT NULL,
    "openSince" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "signedById" TEXT NOT NULL,
    "signedBy" TEXT NOT NULL,

    CONSTRAINT "SignOff_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Objection" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "signOffId" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "raisedById" TEXT NOT NULL,
    "raisedBy" TEXT NOT NULL,

    CONSTRAINT "Objection_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "PastRow_organisationId_validFrom_idx" ON "PastRow"("organisationId", "validFrom");

-- CreateIndex
CREATE INDEX "Thread_organisationId_createdAt_idx" ON "Thread"("organisationId", "createdAt");

-- CreateIndex
CREATE INDEX "Comment_threadId_idx" ON "Comment"("threadId");

-- CreateIndex
CREATE INDEX "Comment_organisationId_idx" ON "Comment"("organisationId");

-- CreateIndex
CREATE INDEX "Review_gatewayId_hash_idx" ON "Review"("gatewayId", "hash");

-- CreateIndex
CREATE INDEX "Review_organisationId_createdAt_idx" ON "Review"("organisationId", "createdAt");

-- CreateIndex
CREATE INDEX "SignOff_gatewayId_hash_idx" ON "SignOff"("gatewayId", "hash");

-- CreateIndex
CREATE INDEX "SignOff_organisationId_createdAt_idx" ON "SignOff"("organisationId", "createdAt");

-- CreateIndex
CREATE INDEX "Objection_signOffId_idx" ON "Objection"("signOffId");

-- CreateIndex
CREATE INDEX "Objection_organisationId_idx" ON "Objection"("organisationId");

-- AddForeignKey
ALTER TABLE "Thread" ADD CONSTRAINT "Thread_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Comment" ADD CONSTRAINT "Comment_threadId_fkey" FOREIGN KEY ("threadId") REFERENCES "Thread"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Review" ADD CONSTRAINT "Review_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Review" ADD CONSTRAINT "Review_gatewayId_fkey" FOREIGN KEY ("gatewayId") REFERENCES "Gateway"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SignOff" ADD CONSTRAINT "SignOff_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SignOff" ADD CONSTRAINT "SignOff_gatewayId_fkey" FOREIGN KEY ("gatewayId") REFERENCES "Gateway"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Objection" ADD CONSTRAINT "Objection_signOffId_fkey" FOREIGN KEY ("signOffId") REFERENCES "SignOff"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ── What was ────────────────────────────────────────────────────────────────

-- Of a row, what the topology is made of and nothing else: a key never gets there, only that there is one.
CREATE FUNCTION "past_content"("whole" jsonb, "columns" text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_object_agg("key", "value")
    || CASE WHEN "whole" ? 'keySealed' THEN jsonb_build_object('hasKey', "whole" -> 'keySealed' <> 'null') ELSE '{}' END
  FROM jsonb_each("whole") WHERE "key" = ANY("columns")
$$;

CREATE FUNCTION "keep_past_row"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "had" jsonb;
  "has" jsonb;
  "whole" jsonb;
  "organisation" uuid;
  "named" text;
  "moment" timestamptz(3) := clock_timestamp();
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
  "organisation" := ("whole" ->> 'organisationId')::uuid;
  "named" := coalesce("whole" ->> 'id', ("whole" ->> 'contextId') || ' ' || ("whole" ->> 'authorityId'));
  -- A clock that was set back must not make a row older than the one before it.
  SELECT greatest("moment", max("validFrom")) INTO "moment" FROM "PastRow"
    WHERE "organisationId" = "organisation" AND "kind" = TG_TABLE_NAME AND "rowId" = "named";
  -- What was so for less than a millisecond was never so.
  DELETE FROM "PastRow"
    WHERE "organisationId" = "organisation" AND "kind" = TG_TABLE_NAME AND "rowId" = "named"
      AND "validTo" IS NULL AND "validFrom" >= "moment";
  UPDATE "PastRow" SET "validTo" = "moment"
    WHERE "organisationId" = "organisation" AND "kind" = TG_TABLE_NAME AND "rowId" = "named" AND "validTo" IS NULL;
  IF "has" IS NOT NULL THEN
    INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
      VALUES ("organisation", TG_TABLE_NAME, "named", "moment", "has")
      ON CONFLICT ("organisationId", "kind", "rowId", "validFrom")
        DO UPDATE SET "content" = EXCLUDED."content", "validTo" = NULL;
  END IF;
  RETURN NULL;
END;
$$;

-- Each table with the columns that are kept. What is there already is kept from now on.
DO $$
DECLARE
  "kept" record;
BEGIN
  FOR "kept" IN SELECT * FROM (VALUES
    ('Environment', ARRAY['id', 'name', 'kind']),
    ('Gateway', ARRAY['id', 'name', 'environmentId', 'networkId', 'headRevision']),
    ('Api', ARRAY['id', 'name', 'title']),
    ('ApiInstance', ARRAY['id', 'gatewayId', 'providerId']),
    ('Network', ARRAY['id', 'name', 'class', 'location', 'parentId', 'firewall', 'firewallContextId', 'version']),
    ('Party', ARRAY['id', 'name', 'kind', 'owner', 'networkId', 'version']),
    ('Flow', ARRAY['id', 'consumerId', 'instanceId']),
    ('Authority', ARRAY['id', 'name', 'runBy', 'certificate', 'parentId', 'version']),
    ('Certificate', ARRAY['id', 'name', 'kind', 'renewalMethod', 'rotationWindowDays', 'version']),
    ('CertificateVersion', ARRAY['id', 'certificateId', 'state', 'chain']),
    ('MtlsContext', ARRAY['id', 'name', 'class', 'keystoreId', 'version']),
    ('ContextAuthority', ARRAY['contextId', 'authorityId']),
    ('FindingAcceptance', ARRAY['id', 'findingId', 'severity', 'owner', 'reason', 'until'])
  ) AS "tables" ("name", "columns") LOOP
    EXECUTE format(
      'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION "keep_past_row"(%s)',
      "kept"."name" || '_keep_past', "kept"."name",
      (SELECT string_agg(quote_literal("column"), ', ') FROM unnest("kept"."columns") AS "column"));
    EXECUTE format(
      'INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
       SELECT "organisationId", %L, coalesce(to_jsonb(t) ->> ''id'', (to_jsonb(t) ->> ''contextId'') || '' '' || (to_jsonb(t) ->> ''authorityId'')),
         clock_timestamp(), "past_content"(to_jsonb(t), %L) FROM %I t',
      "kept"."name", "kept"."columns", "kept"."name");
  END LOOP;
END;
$$;

CREATE FUNCTION "refuse_sign_off_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'sign-offs are kept for good: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END;
$$;

CREATE TRIGGER "SignOff_kept" BEFORE UPDATE OR DELETE OR TRUNCATE ON "SignOff"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_sign_off_change"();
CREATE TRIGGER "Objection_kept" BEFORE UPDATE OR DELETE OR TRUNCATE ON "Objection"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_sign_off_change"();
