-- AlterTable
ALTER TABLE "ObservedPeer" ADD COLUMN     "clientIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "sha256" TEXT;

-- AlterTable
ALTER TABLE "Party" ADD COLUMN     "identities" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "ObservedApi" (
    "instanceId" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ObservedApi_pkey" PRIMARY KEY ("instanceId")
);

-- CreateTable
CREATE TABLE "ObservedCaller" (
    "organisationId" UUID NOT NULL,
    "instanceId" UUID NOT NULL,
    "clientId" TEXT NOT NULL,
    "firstSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ObservedCaller_pkey" PRIMARY KEY ("instanceId","clientId")
);

-- CreateTable
CREATE TABLE "ObservedAgreement" (
    "organisationId" UUID NOT NULL,
    "instanceId" UUID NOT NULL,
    "side" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "cipher" TEXT NOT NULL,
    "isMutual" BOOLEAN NOT NULL,
    "firstSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ObservedAgreement_pkey" PRIMARY KEY ("instanceId","side","version","cipher","isMutual")
);

-- CreateIndex
CREATE INDEX "ObservedApi_organisationId_idx" ON "ObservedApi"("organisationId");

-- CreateIndex
CREATE INDEX "ObservedCaller_organisationId_idx" ON "ObservedCaller"("organisationId");

-- CreateIndex
CREATE INDEX "ObservedAgreement_organisationId_idx" ON "ObservedAgreement"("organisationId");

-- AddForeignKey
ALTER TABLE "ObservedApi" ADD CONSTRAINT "ObservedApi_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "ApiInstance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ObservedCaller" ADD CONSTRAINT "ObservedCaller_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "ApiInstance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ObservedAgreement" ADD CONSTRAINT "ObservedAgreement_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "ApiInstance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The past keeps what a party is known by, beside whatever it keeps of a party already.
DO $$
DECLARE
  "columns" text[];
BEGIN
  SELECT array_remove(string_to_array(encode("tgargs", 'escape'), '\000'), '') || ARRAY['identities'] INTO STRICT "columns"
    FROM pg_trigger WHERE "tgname" = 'Party_keep_past';
  DROP TRIGGER "Party_keep_past" ON "Party";
  EXECUTE format(
    'CREATE TRIGGER "Party_keep_past" AFTER INSERT OR UPDATE OR DELETE ON "Party" FOR EACH ROW EXECUTE FUNCTION "keep_past_row"(%s)',
    (SELECT string_agg(quote_literal("column"), ', ') FROM unnest("columns") AS "column"));
END;
$$;
