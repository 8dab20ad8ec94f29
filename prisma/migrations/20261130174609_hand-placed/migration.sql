-- CreateTable
CREATE TABLE "TopologyPlace" (
    "organisationId" UUID NOT NULL,
    "boxId" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "TopologyPlace_pkey" PRIMARY KEY ("organisationId","boxId")
);

-- AddForeignKey
ALTER TABLE "TopologyPlace" ADD CONSTRAINT "TopologyPlace_organisationId_fkey" FOREIGN KEY ("organisationId") REFERENCES "Organisation"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
