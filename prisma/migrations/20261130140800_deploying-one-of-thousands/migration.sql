-- Whoever deploys one API asks which others have stood at its place: lib/publish/instance-draft.ts. An index on
-- expressions is nothing that Prisma's schema can say, so it is written by hand.
CREATE INDEX "Item_place_idx" ON "Item" ("organisationId", ("content" ->> 'host'), ("content" ->> 'basePath'))
  WHERE "kind" = 'api';

-- A manifest is made of hashes, which do not become shorter: the attempt takes most of the time of writing one.
ALTER TABLE "Revision" ALTER COLUMN "manifest" SET STORAGE EXTERNAL;
