-- AlterTable
ALTER TABLE "NodeCommand" ADD COLUMN     "answer" JSONB;

-- CreateTable
CREATE TABLE "Probe" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "gatewayId" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "target" JSONB NOT NULL,
    "status" TEXT NOT NULL,
    "report" JSONB,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "startedBy" TEXT NOT NULL,

    CONSTRAINT "Probe_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Probe_gatewayId_startedAt_idx" ON "Probe"("gatewayId", "startedAt");

-- CreateIndex
CREATE INDEX "Probe_organisationId_startedAt_idx" ON "Probe"("organisationId", "startedAt");

-- AddForeignKey
ALTER TABLE "Probe" ADD CONSTRAINT "Probe_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;
