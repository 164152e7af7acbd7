"""What a person does to answer five questions, in the studio and in other programs: for side_by_side.py."""
