-- CreateTable
CREATE TABLE "DataKey" (
    "id" UUID NOT NULL,
    "organisationId" UUID,
    "masterKeyId" TEXT NOT NULL,
    "wrapped" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retiredAt" TIMESTAMPTZ(3),

    CONSTRAINT "DataKey_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "DataKey_organisationId_idx" ON "DataKey"("organisationId");

-- AddForeignKey
ALTER TABLE "DataKey" ADD CONSTRAINT "DataKey_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- One key that seals for each organisation, and one for the portal itself.
CREATE UNIQUE INDEX "DataKey_sealing_key" ON "DataKey"("organisationId") NULLS NOT DISTINCT WHERE "retiredAt" IS NULL;
