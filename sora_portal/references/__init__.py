"""What a video may refer to: uploaded pictures, addressed for vendors only while they are needed, and characters."""
