-- AlterTable
ALTER TABLE "ApiInstance" ADD COLUMN     "destinations" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "listenerIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "tiers" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "upstream" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "PolicyAttachment" ADD COLUMN     "dryRun" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "rules" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "Flow" ADD COLUMN     "tier" TEXT;
