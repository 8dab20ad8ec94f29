-- CreateTable
CREATE TABLE "NetworkPolicySet" (
    "id" UUID NOT NULL,
    "organisationId" UUID NOT NULL,
    "gatewayId" UUID NOT NULL,
    "namespace" TEXT NOT NULL,
    "app" TEXT,
    "content" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedBy" TEXT NOT NULL,

    CONSTRAINT "NetworkPolicySet_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "NetworkPolicySet_gatewayId_key" ON "NetworkPolicySet"("gatewayId");

-- CreateIndex
CREATE INDEX "NetworkPolicySet_organisationId_idx" ON "NetworkPolicySet"("organisationId");

-- AddForeignKey
ALTER TABLE "NetworkPolicySet" ADD CONSTRAINT "NetworkPolicySet_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "NetworkPolicySet" ADD CONSTRAINT "NetworkPolicySet_gatewayId_fkey" FOREIGN KEY ("gatewayId") REFERENCES "Gateway"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Kept as the other rows are that the topology is made of. There are none yet, so nothing was left out before.
CREATE TRIGGER "NetworkPolicySet_keep_past" AFTER INSERT OR UPDATE OR DELETE ON "NetworkPolicySet"
  FOR EACH ROW EXECUTE FUNCTION "keep_past_row"('id', 'gatewayId', 'namespace', 'app', 'content');
