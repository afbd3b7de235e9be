"""alsight: is a plateau, an improvement or a remission in ALS real, and what would a trial need to show it?"""
