-- CreateTable
CREATE TABLE "ObservedPeer" (
    "organisationId" UUID NOT NULL,
    "instanceId" UUID NOT NULL,
    "side" TEXT NOT NULL,
    "who" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "names" JSONB NOT NULL,
    "anchorSha256" TEXT,
    "firstSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ObservedPeer_pkey" PRIMARY KEY ("instanceId","side","who")
);

-- CreateTable
CREATE TABLE "AuthorityRotation" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "fromId" UUID NOT NULL,
    "toId" UUID NOT NULL,
    "contextIds" UUID[],
    "vouchedIds" UUID[],
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdBy" TEXT NOT NULL,

    CONSTRAINT "AuthorityRotation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "ObservedPeer_organisationId_idx" ON "ObservedPeer"("organisationId");

-- CreateIndex
CREATE INDEX "AuthorityRotation_toId_idx" ON "AuthorityRotation"("toId");

-- CreateIndex
CREATE UNIQUE INDEX "AuthorityRotation_organisationId_fromId_key" ON "AuthorityRotation"("organisationId", "fromId");

-- AddForeignKey
ALTER TABLE "ObservedPeer" ADD CONSTRAINT "ObservedPeer_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "ApiInstance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AuthorityRotation" ADD CONSTRAINT "AuthorityRotation_fromId_fkey" FOREIGN KEY ("fromId") REFERENCES "Authority"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AuthorityRotation" ADD CONSTRAINT "AuthorityRotation_toId_fkey" FOREIGN KEY ("toId") REFERENCES "Authority"("id") ON DELETE CASCADE ON UPDATE CASCADE;
