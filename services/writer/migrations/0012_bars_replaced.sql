-- A bar under way is replaced by its newer self: the writer may do that.
GRANT UPDATE ON bars TO vntape_writer;
