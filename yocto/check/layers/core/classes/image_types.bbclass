# Sets the list anew, so that what a recipe adds with += is lost.
CONVERSIONTYPES = "zst bmap"
