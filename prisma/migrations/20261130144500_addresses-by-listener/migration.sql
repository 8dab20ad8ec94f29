-- DropIndex
DROP INDEX "ApiInstance_gatewayId_host_basePath_key";

-- CreateIndex
CREATE INDEX "ApiInstance_gatewayId_idx" ON "ApiInstance"("gatewayId");
