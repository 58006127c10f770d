"""The checks of files, migrations, images and security."""
