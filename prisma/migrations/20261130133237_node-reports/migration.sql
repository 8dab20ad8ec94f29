-- AlterTable
ALTER TABLE "Node" DROP COLUMN "report";

-- CreateTable
CREATE TABLE "NodeReport" (
    "nodeId" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL,
    "pulse" JSONB NOT NULL,
    "apis" JSONB NOT NULL,
    "upstreams" JSONB,
    "certificates" JSONB,
    "sessions" JSONB,
    "processes" JSONB NOT NULL,

    CONSTRAINT "NodeReport_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "NodeCommand" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "command" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "takenAt" TIMESTAMPTZ(3),
    "outcome" TEXT,

    CONSTRAINT "NodeCommand_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "NodeReport_organisationId_idx" ON "NodeReport"("organisationId");

-- CreateIndex
CREATE INDEX "NodeCommand_nodeId_expiresAt_idx" ON "NodeCommand"("nodeId", "expiresAt");

-- CreateIndex
CREATE INDEX "NodeCommand_organisationId_createdAt_idx" ON "NodeCommand"("organisationId", "createdAt");

-- AddForeignKey
ALTER TABLE "NodeReport" ADD CONSTRAINT "NodeReport_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "NodeCommand" ADD CONSTRAINT "NodeCommand_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;
