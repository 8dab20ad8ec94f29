-- AlterTable
ALTER TABLE "Organisation" ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "warningDays" INTEGER NOT NULL DEFAULT 30;

-- CreateTable
CREATE TABLE "KeptCertificate" (
    "certificateId" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "gatewayId" UUID NOT NULL,
    "commonName" TEXT NOT NULL,
    "names" JSONB NOT NULL,
    "issuerId" UUID,
    "lifetimeDays" DOUBLE PRECISION NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "KeptCertificate_pkey" PRIMARY KEY ("certificateId")
);

-- CreateTable
CREATE TABLE "NodeCertificate" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "certificateId" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "request" TEXT,
    "requestedAt" TIMESTAMPTZ(3),
    "spkiSha256" TEXT,
    "chain" TEXT,
    "signedAt" TIMESTAMPTZ(3),
    "fault" TEXT,

    CONSTRAINT "NodeCertificate_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "KeptCertificate_gatewayId_idx" ON "KeptCertificate"("gatewayId");

-- CreateIndex
CREATE INDEX "KeptCertificate_organisationId_idx" ON "KeptCertificate"("organisationId");

-- CreateIndex
CREATE INDEX "NodeCertificate_nodeId_idx" ON "NodeCertificate"("nodeId");

-- CreateIndex
CREATE UNIQUE INDEX "NodeCertificate_certificateId_nodeId_key" ON "NodeCertificate"("certificateId", "nodeId");

-- CreateIndex
CREATE UNIQUE INDEX "NodeCertificate_organisationId_spkiSha256_key" ON "NodeCertificate"("organisationId", "spkiSha256");

-- AddForeignKey
ALTER TABLE "KeptCertificate" ADD CONSTRAINT "KeptCertificate_certificateId_fkey" FOREIGN KEY ("certificateId") REFERENCES "Certificate"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "KeptCertificate" ADD CONSTRAINT "KeptCertificate_gatewayId_fkey" FOREIGN KEY ("gatewayId") REFERENCES "Gateway"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "KeptCertificate" ADD CONSTRAINT "KeptCertificate_issuerId_fkey" FOREIGN KEY ("issuerId") REFERENCES "Authority"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "NodeCertificate" ADD CONSTRAINT "NodeCertificate_certificateId_fkey" FOREIGN KEY ("certificateId") REFERENCES "KeptCertificate"("certificateId") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "NodeCertificate" ADD CONSTRAINT "NodeCertificate_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- ── What was ────────────────────────────────────────────────────────────────

-- What a node shows is part of what was; requests and faults are not.
CREATE TRIGGER "NodeCertificate_keep_past" AFTER INSERT OR UPDATE OR DELETE ON "NodeCertificate"
  FOR EACH ROW EXECUTE FUNCTION "keep_past_row"('id', 'certificateId', 'chain');

-- An organisation is its own: its row names no other.
CREATE FUNCTION "keep_past_organisation"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "moment" timestamptz(3) := clock_timestamp();
BEGIN
  -- A clock that was set back must not make a row older than the one before it.
  SELECT greatest("moment", max("validFrom")) INTO "moment" FROM "PastRow"
    WHERE "organisationId" = NEW."id" AND "kind" = 'Organisation' AND "rowId" = NEW."id"::text;
  UPDATE "PastRow" SET "validTo" = "moment"
    WHERE "organisationId" = NEW."id" AND "kind" = 'Organisation' AND "rowId" = NEW."id"::text AND "validTo" IS NULL;
  INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
    VALUES (NEW."id", 'Organisation', NEW."id"::text, "moment",
      jsonb_build_object('id', NEW."id", 'warningDays', NEW."warningDays"))
    ON CONFLICT ("organisationId", "kind", "rowId", "validFrom")
      DO UPDATE SET "content" = EXCLUDED."content", "validTo" = NULL;
  RETURN NULL;
END;
$$;

CREATE TRIGGER "Organisation_keep_past" AFTER INSERT OR UPDATE OF "warningDays" ON "Organisation"
  FOR EACH ROW EXECUTE FUNCTION "keep_past_organisation"();

INSERT INTO "PastRow" ("organisationId", "kind", "rowId", "validFrom", "content")
  SELECT "id", 'Organisation', "id"::text, clock_timestamp(), jsonb_build_object('id', "id", 'warningDays', "warningDays")
  FROM "Organisation";
