-- CreateEnum
CREATE TYPE "CertificateState" AS ENUM ('requested', 'current', 'previous', 'retired');

-- AlterTable
ALTER TABLE "Network" ADD COLUMN     "firewallContextId" UUID;

-- CreateTable
CREATE TABLE "Authority" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "runBy" TEXT NOT NULL,
    "certificate" TEXT NOT NULL,
    "keySealed" TEXT,
    "parentId" UUID,
    "builtIn" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Authority_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Certificate" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "renewalMethod" TEXT NOT NULL,
    "rotationWindowDays" DOUBLE PRECISION,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Certificate_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CertificateVersion" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "certificateId" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "state" "CertificateState" NOT NULL,
    "chain" TEXT,
    "keySealed" TEXT,
    "request" TEXT,
    "issuerId" UUID,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdBy" TEXT NOT NULL,

    CONSTRAINT "CertificateVersion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "MtlsContext" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "class" TEXT NOT NULL,
    "keystoreId" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "MtlsContext_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ContextAuthority" (
    "organisationId" UUID NOT NULL,
    "contextId" UUID NOT NULL,
    "authorityId" UUID NOT NULL,

    CONSTRAINT "ContextAuthority_pkey" PRIMARY KEY ("contextId","authorityId")
);

-- CreateTable
CREATE TABLE "FindingAcceptance" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "findingId" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdBy" TEXT NOT NULL,

    CONSTRAINT "FindingAcceptance_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Authority_organisationId_name_key" ON "Authority"("organisationId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "Certificate_organisationId_name_key" ON "Certificate"("organisationId", "name");

-- CreateIndex
CREATE INDEX "CertificateVersion_organisationId_idx" ON "CertificateVersion"("organisationId");

-- CreateIndex
CREATE UNIQUE INDEX "CertificateVersion_certificateId_number_key" ON "CertificateVersion"("certificateId", "number");

-- CreateIndex
CREATE UNIQUE INDEX "MtlsContext_organisationId_name_key" ON "MtlsContext"("organisationId", "name");

-- CreateIndex
CREATE INDEX "ContextAuthority_authorityId_idx" ON "ContextAuthority"("authorityId");

-- CreateIndex
CREATE UNIQUE INDEX "FindingAcceptance_organisationId_findingId_key" ON "FindingAcceptance"("organisationId", "findingId");

-- AddForeignKey
ALTER TABLE "Network" ADD CONSTRAINT "Network_firewallContextId_fkey" FOREIGN KEY ("firewallContextId") REFERENCES "MtlsContext"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Authority" ADD CONSTRAINT "Authority_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Authority" ADD CONSTRAINT "Authority_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Authority"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Certificate" ADD CONSTRAINT "Certificate_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CertificateVersion" ADD CONSTRAINT "CertificateVersion_certificateId_fkey" FOREIGN KEY ("certificateId") REFERENCES "Certificate"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CertificateVersion" ADD CONSTRAINT "CertificateVersion_issuerId_fkey" FOREIGN KEY ("issuerId") REFERENCES "Authority"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MtlsContext" ADD CONSTRAINT "MtlsContext_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MtlsContext" ADD CONSTRAINT "MtlsContext_keystoreId_fkey" FOREIGN KEY ("keystoreId") REFERENCES "Certificate"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ContextAuthority" ADD CONSTRAINT "ContextAuthority_contextId_fkey" FOREIGN KEY ("contextId") REFERENCES "MtlsContext"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ContextAuthority" ADD CONSTRAINT "ContextAuthority_authorityId_fkey" FOREIGN KEY ("authorityId") REFERENCES "Authority"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FindingAcceptance" ADD CONSTRAINT "FindingAcceptance_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A certificate has one version that is shown, and one request out, at most.
CREATE UNIQUE INDEX "CertificateVersion_current" ON "CertificateVersion"("certificateId") WHERE "state" = 'current';
CREATE UNIQUE INDEX "CertificateVersion_requested" ON "CertificateVersion"("certificateId") WHERE "state" = 'requested';
-- For the question which policies name a context.
CREATE INDEX "PolicyAttachment_contextRef_idx" ON "PolicyAttachment"(("config" ->> 'contextRef'));
