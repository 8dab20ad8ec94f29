-- AlterTable
ALTER TABLE "PolicyAttachment" ADD COLUMN     "upstreams" TEXT[] DEFAULT ARRAY[]::TEXT[];
